" Commands for dlm; in Neovim, its language server too.

if exists('g:loaded_dlm') || !has('nvim-0.7')
  finish
endif
let g:loaded_dlm = 1

command! DlmCheck lua require('dlm').check()
command! DlmRun lua require('dlm').show({ 'run' })
command! -nargs=? DlmDraw lua require('dlm').draw(<q-args>)

if get(g:, 'dlm_lsp', v:true) && executable(get(g:, 'dlm_program', 'dlm'))
  lua require('dlm').setup()
endif
