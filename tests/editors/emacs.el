;;; emacs.el --- What Emacs shows of a program, with dlm-mode, eglot and `dlm lsp' -*- lexical-binding: t; -*-

;; $DLM is the command, $EDITORS the folder lsp/editors, $FIXTURE a copy of fixture/ to work in.

(require 'cl-lib)
(require 'imenu)
(load (concat (file-name-directory load-file-name) "eglot.el") nil t)
(add-to-list 'load-path (concat (getenv "EDITORS") "/emacs"))
(require 'dlm-mode)
(setq dlm-program (getenv "DLM")
      eglot-connect-timeout 20
      eglot-sync-connect 20
      make-backup-files nil
      create-lockfiles nil)
(defvar passed 0)
(defvar failed 0)

(defmacro test (name &rest body)
  `(condition-case why
       (progn ,@body (cl-incf passed) (princ (format "ok    %s\n" ,name)))
     (error (cl-incf failed) (princ (format "FAIL  %s\n      %S\n" ,name why)))))

(defun equals (there wanted)
  (unless (equal there wanted) (error "%S, not %S" there wanted)))

(defun await (what fact)
  (with-timeout (10 (error "Waited in vain for %s" what))
    (while (not (funcall fact)) (accept-process-output nil 0.01))))

(defun visit (name)
  (set-buffer (find-file-noselect (concat (getenv "FIXTURE") "/" name)))
  (font-lock-ensure)
  (current-buffer))

(defun at (text)
  (goto-char (point-min))
  (search-forward text)
  (goto-char (match-beginning 0)))

(defun face (text)
  (at text)
  (get-text-property (point) 'face))

(visit "net.dlm")

(test "a file has its mode" (equals major-mode 'dlm-mode))

(test "words have colours"
      (equals (face "data Digits") 'font-lock-keyword-face)
      (equals (face "Digits {") 'font-lock-type-face)
      (equals (face "source") 'font-lock-variable-name-face)
      (equals (face "builtin") 'font-lock-builtin-face)
      (equals (face "\"digits") 'font-lock-string-face)
      (equals (face "channels:") 'font-lock-variable-name-face)
      (equals (face "int =") 'font-lock-type-face)
      (equals (face "conv(") 'font-lock-function-name-face)
      (equals (face "relu") 'font-lock-function-name-face)
      (equals (face "on Digits") 'font-lock-keyword-face)
      (equals (face "accuracy") 'font-lock-builtin-face))

(test "a comment has a colour, and one that documents another"
      (with-temp-buffer
        (insert "// a\n/// b\nmodel M(x: [1]) { x } // {x}\nname = \"// {x}\"\n")
        (dlm-mode)
        (font-lock-ensure)
        (equals (face "a\n") 'font-lock-comment-face)
        (equals (face "b\n") 'font-lock-doc-face)
        (equals (face "x } //") nil)
        (equals (face "// {x}\"") 'font-lock-string-face)))

(test "lines are indented"
      (let ((before (buffer-string)))
        (indent-region (point-min) (point-max))
        (equals (buffer-string) before)
        (goto-char (point-min))
        (while (not (eobp)) (delete-horizontal-space) (forward-line))
        (indent-region (point-min) (point-max))
        (equals (substring-no-properties (buffer-string)) (substring-no-properties before))
        (set-buffer-modified-p nil)))

(test "declarations are in the menu"
      (let ((index (funcall imenu-create-index-function)))
        (equals (sort (mapcar #'car index) #'string<) '("Data" "Layers" "Models" "Trainings"))))

(test "the file is checked without a server"
      (let ((compilation-ask-about-save nil))
        (with-current-buffer (dlm-check)
          (await "the end" (lambda () (not (get-buffer-process (current-buffer)))))
          (compilation--ensure-parse (point-max))
          (goto-char (point-min))
          (compilation-next-error 1)
          (let ((location (compilation--message->loc (compilation-next-error 0))))
            (equals (compilation--loc->line location) 13)))))

;; Before the server's part, on a file of its own: the fixture's own mistake is for the server.
(test "a network is drawn without a server"
      (let ((file (concat (getenv "FIXTURE") "/drawn.dlm")))
        (with-temp-file file (insert "model Small(x: [4]) {\n    x -> dense(3)\n}\n"))
        (with-current-buffer (find-file-noselect file)
          (save-window-excursion
            (equals (dlm--networks) '("Small"))
            (dlm-draw "Small")
            (unless (save-excursion (goto-char (point-min)) (search-forward "dense(3)" nil t))
              (error "%S is no drawing" (buffer-name)))))))

(test "the buffer is formatted without a server"
      (with-temp-buffer
        (insert "model   Net( x:[4] ){\n x->dense( 3 )\n}\n")
        (dlm-format)
        (equals (buffer-string) "model Net(x: [4]) {\n    x -> dense(3)\n}\n")))

;; With the server.

(defun serve ()
  (apply #'eglot (eglot--guess-contact)))

(defun ask (method &rest more)
  (jsonrpc-request (eglot--current-server-or-lose) method
                   (append (eglot--TextDocumentPositionParams) more)))

(defun mistakes ()
  (mapcar (lambda (it) (list (line-number-at-pos (flymake-diagnostic-beg it))
                             (save-excursion (goto-char (flymake-diagnostic-beg it)) (current-column))))
          (flymake-diagnostics)))

(test "the server starts"
      (visit "net.dlm")
      (serve)
      (unless (eglot-current-server) (error "No server")))

(test "a mistake is shown"
      (flymake-start)
      (await "a mistake" #'mistakes)
      (equals (mistakes) '((13 11)))
      (unless (string-match-p "flatten\\|feature map\\|dense" (flymake-diagnostic-text (car (flymake-diagnostics))))
        (error "%S" (flymake-diagnostics))))

(test "hover tells about an operator"
      (at "max_pool")
      (unless (string-match-p "largest" (format "%S" (ask :textDocument/hover)))
        (error "%S" (ask :textDocument/hover))))

(test "definition leads to a layer"
      (at "Block(16)")
      (let ((found (xref-backend-definitions 'eglot "LSP identifier at point.")))
        (equals (xref-location-line (xref-item-location (car found))) 5)))

(test "completion knows the operators"
      (at "max_pool(2)")
      (forward-char 3)
      (let* ((table (nth 2 (eglot-completion-at-point)))
             (names (all-completions "" table)))
        (unless (cl-some (lambda (it) (string-match-p "max_pool" it)) names) (error "%S" names))))

(test "a quick fix is offered"
      (at "dense(10)")
      (let ((found (eglot-code-actions (point) (+ (point) 5))))
        (unless (string-match-p "flatten" (format "%S" found)) (error "%S" found))))

(test "mistakes follow the text"
      (at "dense(10)")
      (insert "flatten -> ")
      (await "no mistake" (lambda () (eglot--signal-textDocument/didChange) (null (mistakes)))))

(test "the buffer is formatted"
      (at "    source = ")
      (replace-match "  source=" t t)
      (eglot-format-buffer)
      (at "    source = builtin")
      (save-buffer))

(test "a layer is renamed in both files"
      (visit "wide.dlm")
      (at "Block(4)")
      (let ((eglot-confirm-server-initiated-edits nil))
        (eglot-rename "Bloc"))
      (at "image -> Bloc(4)")
      (visit "net.dlm")
      (at "layer Bloc(x:"))

(test "the server ends"
      (let ((server (eglot-current-server)))
        (eglot-shutdown server nil 5)
        (when (jsonrpc-running-p server) (error "It runs on"))))

(princ (format "%d passed, %d failed\n" passed failed))
(dolist (buffer (buffer-list)) (with-current-buffer buffer (set-buffer-modified-p nil)))
(kill-emacs (if (zerop failed) 0 1))
