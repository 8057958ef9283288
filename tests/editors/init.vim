" What a user of Neovim has who installed lsp/editors/neovim, and nothing else.
set nocompatible
let &runtimepath = $EDITORS . '/neovim,' . &runtimepath
let g:dlm_program = $DLM
filetype plugin indent on
syntax on
