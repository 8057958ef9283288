;;; eglot.el --- Loads eglot, Emacs' own or the package of Debian -*- lexical-binding: t; -*-

(require 'package)
(add-to-list 'package-directory-list "/usr/share/emacs/site-lisp/elpa")
(package-initialize)
(require 'eglot)
