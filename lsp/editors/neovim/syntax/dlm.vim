" Colours of dlm, for Vim 8 and Neovim. Where a language server answers, its colours lie over these.

if exists('b:current_syntax')
  finish
endif
let s:cpo = &cpo
set cpo&vim

syn case match

syn match dlmName     /\<[a-z_][A-Za-z0-9_]*\>/
syn match dlmType     /\<[A-Z][A-Za-z0-9_]*\>/
syn match dlmProperty /\%([A-Za-z0-9_\])]\.\)\@<=[A-Za-z_][A-Za-z0-9_]*/

" words:values
syn match dlmValue /\.\@1<!\<\%(adam\|adamw\|answers\|attention_transfer\|binary_cross_entropy\|builtin\|byte\|channel\|char\|cifar\|constant\|cosine\|cross_entropy\|csv\|cutout\|decoupled\|dynamic\|early\|ema\|entropy\|exponential\|flip\|float16\|float32\|group\|hint\|horizontal\|huber\|idx\|images\|int4\|int8\|l1\|l2\|learned\|linear\|lines\|lion\|logits\|mae\|minmax\|mixup\|moving\|mse\|noise\|none\|normal\|npy\|npz\|one_cycle\|parquet\|percentile\|pixels\|plateau\|probabilities\|qat\|relational\|rmsprop\|rotate\|same\|sgd\|shift\|similarity\|sinusoidal\|soft_targets\|standard\|static\|step\|swa\|tanh\|tensor\|text\|uint8\|unit\|valid\|vertical\|word\)\>\%(\s*\.\.\@!\)\@!/
" words:functions
syn match dlmFunction /\%(\w\.\)\@2<!\<\%(ceil\|floor\|len\|max\|min\)\>\ze\s*(/
" words:operators
syn match dlmOperator /\.\@1<!\<\%(attention\|avg_pool\|batch_norm\|concat\|conv\|conv1d\|conv_transpose\|dense\|depthwise_conv\|dropout\|embedding\|flatten\|gelu\|global_avg_pool\|global_max_pool\|group_norm\|gru\|hard_swish\|identity\|layer_norm\|leaky_relu\|lstm\|max_pool\|mean\|pad\|positional\|relu\|relu6\|reshape\|rms_norm\|scale\|sigmoid\|silu\|slice\|softmax\|sum\|tanh\|transpose\|upsample\)\>\%(\s*\.\.\@!\)\@!/
" words:metrics
syn match dlmMetric /\.\@1<=\%(accuracy\|agreement\|bits_per_character\|drop\|error\|error_overlap\|kl\|latency\|loss\|macs\|mae\|memory\|params\|perplexity\|r2\|size\|top5\)\>/

syn match dlmBinding /\.\@1<!\<[A-Za-z_][A-Za-z0-9_]*\>\ze\s*==\@!/
" words:settings
syn match dlmSetting /[{ \t]\@1<=\%(activations\|augment\|average\|batch\|calibrate\|clip\|epochs\|freeze\|freeze_ranges\|from\|input\|keep\|keep_best\|limit\|loss\|max_drop\|method\|normalize\|optimizer\|schedule\|seed\|source\|steps\|stop\|stratify\|test\|train\|valid\|weights\)\ze\s*==\@!/
syn match dlmParameter /\<[A-Za-z_][A-Za-z0-9_]*\>\ze\s*:/ contained
syn match dlmArgument /\<[A-Za-z_][A-Za-z0-9_]*\>\ze\s*==\@!/ contained
syn cluster dlmInside contains=dlmName,dlmType,dlmProperty,dlmValue,dlmFunction,dlmOperator,dlmMetric,dlmParameter,dlmArgument,
      \dlmParens,dlmTypeName,dlmFlow,dlmLogic,dlmBoolean,dlmNumber,dlmUnit,dlmArrow,dlmSign,dlmString,
      \dlmComment,dlmDoc
syn region dlmParens matchgroup=dlmPunctuation start=/(/ end=/)/ end=/^[A-Za-z_]\@=/ contains=@dlmInside

" words:types
syn match dlmTypeName /\%(:\s*\)\@8<=\%(bool\|int\|list\|real\|string\)\>/
syn match dlmTypeName /\<int\[\@=/

" words:flow
syn match dlmFlow /\.\@1<!\<\%(assert\|else\|if\|in\|repeat\)\>\%(\s*==\@!\)\@!/
syn match dlmLogic /\.\@1<!\<\%(and\|not\|or\)\>\%(\s*==\@!\)\@!/
syn match dlmFlow /^\s*override\>\%(\s*=\)\@!/
syn keyword dlmBoolean true false
" words:clauses
syn match dlmClause /\.\@1<!\<\%(as\|from\|on\|to\|with\)\>\%(\s*==\@!\)\@!\ze\%(\s\|$\)/
syn match dlmLabel /\%(\<as\s\+\)\@16<=[a-z_][A-Za-z0-9_]*/
" words:items
syn match dlmItem /^\s*\%(allow\|data\|distill\|expect\|export\|layer\|load\|model\|policy\|quantize\|train\|use\)\>\ze\%(\s\+[A-Za-z_"]\|\s*{\|\s*$\)/ nextgroup=dlmDeclared skipwhite
syn match dlmDeclared /[A-Za-z_][A-Za-z0-9_.]*/ contained

syn match dlmNumber /\<[0-9][0-9_]*\%(\.[0-9][0-9_]*\)\?\%([eE][-+]\?[0-9]\+\)\?%\?/
" words:units
syn match dlmUnit /\%([0-9]\s\+\)\@8<=\%(B\|GiB\|KiB\|MiB\|epoch\|epochs\|ms\|s\|sample\|samples\|step\|steps\|us\)\>\%(\s*[=(\[.:{]\)\@!/

syn match dlmArrow /->/
syn match dlmSign /==\|!=\|<=\|>=\|[<>=+*]\|\.\.\|-\%(>\)\@!\|\/\%(\/\)\@!/

syn region dlmString start=/"/ skip=/\\["\\]/ end=/"/ oneline contains=dlmEscape,dlmPlaceholder
syn match dlmEscape /\\\%([nt"\\]\|u{\x\{1,6}}\)/ contained
syn match dlmPlaceholder /{[A-Za-z_][A-Za-z0-9_]*}/ contained

syn match dlmComment /\/\/.*$/ contains=@Spell
syn match dlmDoc /\/\/\/.*$/ contains=@Spell

syn sync minlines=200

hi def link dlmType        Type
hi def link dlmProperty    Identifier
hi def link dlmValue       Constant
hi def link dlmFunction    Function
hi def link dlmOperator    Function
hi def link dlmMetric      Identifier
hi def link dlmSetting     Identifier
hi def link dlmParameter   Identifier
hi def link dlmArgument    Identifier
hi def link dlmTypeName    Type
hi def link dlmFlow        Conditional
hi def link dlmLogic       Operator
hi def link dlmBoolean     Boolean
hi def link dlmClause      Keyword
hi def link dlmLabel       Label
hi def link dlmItem        Keyword
hi def link dlmDeclared    Type
hi def link dlmNumber      Number
hi def link dlmUnit        Special
hi def link dlmArrow       Operator
hi def link dlmSign        Operator
hi def link dlmString      String
hi def link dlmEscape      SpecialChar
hi def link dlmPlaceholder Special
hi def link dlmComment     Comment
hi def link dlmDoc         SpecialComment

let b:current_syntax = 'dlm'
let &cpo = s:cpo
unlet s:cpo
