if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal comments=:///,://
setlocal commentstring=//\ %s
setlocal expandtab shiftwidth=4 softtabstop=4 tabstop=4
setlocal textwidth=100
setlocal formatoptions-=t formatoptions+=croql
setlocal suffixesadd=.dlm
setlocal define=^\\s*\\%(data\\\|layer\\\|model\\\|policy\\)

let b:undo_ftplugin = 'setlocal comments< commentstring< expandtab< shiftwidth< softtabstop< tabstop< '
      \ . 'textwidth< formatoptions< suffixesadd< define<'
