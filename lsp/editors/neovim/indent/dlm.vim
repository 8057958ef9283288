" A bracket that is left open moves the next line in; a step of a flow stands one level in.

if exists('b:did_indent')
  finish
endif
let b:did_indent = 1

setlocal indentexpr=DlmIndent(v:lnum)
setlocal indentkeys=0},0),0],0=->,!^F,o,O
let b:undo_indent = 'setlocal indentexpr< indentkeys<'

if exists('*DlmIndent')
  finish
endif

function DlmIndent(line)
  let above = prevnonblank(a:line - 1)
  if above == 0
    return 0
  endif
  let text = s:code(getline(a:line))
  let before = s:code(getline(above))
  let indent = indent(above)
  if before =~# '[{(\[]\s*$'
    let indent += shiftwidth()
  elseif before =~# '^\s*->' && text !~# '^\s*->' && s:depth(before) <= 0
    " The flow is over: back to where it began.
    let start = above
    while start > 1 && s:code(getline(start)) =~# '^\s*->'
      let start = prevnonblank(start - 1)
    endwhile
    let indent = indent(start)
  elseif text =~# '^\s*->' && before !~# '^\s*->'
    let indent += shiftwidth()
  endif
  if text =~# '^\s*[})\]]'
    let indent = s:opener(a:line, indent)
  endif
  return indent
endfunction

" The indentation of the line that holds the bracket which the first one of this line closes.
function s:opener(line, else)
  let depth = 1
  let above = prevnonblank(a:line - 1)
  while above > 0
    let depth -= s:depth(s:code(getline(above)))
    if depth <= 0
      return indent(above)
    endif
    let above = prevnonblank(above - 1)
  endwhile
  return a:else
endfunction

function s:depth(text)
  return len(substitute(a:text, '[^{(\[]', '', 'g')) - len(substitute(a:text, '[^})\]]', '', 'g'))
endfunction

" The line without strings and comment.
function s:code(text)
  return substitute(substitute(a:text, '"\%(\\.\|[^"\\]\)*"\?', '""', 'g'), '//.*$', '', '')
endfunction
