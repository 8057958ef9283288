;;; dlm-mode.el --- Major mode for dlm, a language for deep learning -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "27.1"))
;; Keywords: languages

;;; Commentary:

;; Colours, indentation and a menu of declarations for `.dlm' files.  `M-x eglot' starts the language
;; server, `dlm lsp': mistakes with their reasons as one types, shapes, completion, renaming.  Eglot is
;; part of Emacs from version 29; for earlier ones it is a package.
;;
;; C-c C-c checks the file, C-c C-r runs it, C-c C-d draws a network, C-c C-f formats it.

;;; Code:

(require 'compile)

(defgroup dlm nil
  "Programs in dlm."
  :group 'languages)

(defcustom dlm-program "dlm"
  "The command `dlm'."
  :type 'string)

(defcustom dlm-indent-offset 4
  "By how many columns a block and a step stand in."
  :type 'integer
  :safe #'integerp)

(defcustom dlm-eglot-settings
  '(:hints (:shapes t :arguments t :sizes t) :lenses t)
  "What the language server shows."
  :type 'plist)

;;; The words, as the language has them.

;; words:items
(defconst dlm--items '("allow" "data" "distill" "expect" "export" "layer" "load" "model" "policy" "quantize" "train" "use"))
;; words:clauses
(defconst dlm--clauses '("as" "from" "on" "to" "with"))
;; words:flow
(defconst dlm--flow '("assert" "else" "if" "in" "repeat"))
;; words:types
(defconst dlm--types '("bool" "int" "list" "real" "string"))
;; words:units
(defconst dlm--units '("B" "GiB" "KiB" "MiB" "epoch" "epochs" "ms" "s" "sample" "samples" "step" "steps" "us"))
;; words:functions
(defconst dlm--functions '("ceil" "floor" "len" "max" "min"))
;; words:operators
(defconst dlm--operators '("attention" "avg_pool" "batch_norm" "concat" "conv" "conv1d" "conv_transpose" "dense" "depthwise_conv" "dropout" "embedding" "flatten" "gelu" "global_avg_pool" "global_max_pool" "group_norm" "gru" "hard_swish" "identity" "layer_norm" "leaky_relu" "lstm" "max_pool" "mean" "pad" "positional" "relu" "relu6" "reshape" "rms_norm" "scale" "sigmoid" "silu" "slice" "softmax" "sum" "tanh" "transpose" "upsample"))
;; words:values
(defconst dlm--values '("adam" "adamw" "answers" "attention_transfer" "binary_cross_entropy" "builtin" "byte" "channel" "char" "cifar" "constant" "cosine" "cross_entropy" "csv" "cutout" "decoupled" "dynamic" "early" "ema" "entropy" "exponential" "flip" "float16" "float32" "group" "hint" "horizontal" "huber" "idx" "images" "int4" "int8" "l1" "l2" "learned" "linear" "lines" "lion" "logits" "mae" "minmax" "mixup" "moving" "mse" "noise" "none" "normal" "npy" "npz" "one_cycle" "parquet" "percentile" "pixels" "plateau" "probabilities" "qat" "relational" "rmsprop" "rotate" "same" "sgd" "shift" "similarity" "sinusoidal" "soft_targets" "standard" "static" "step" "swa" "tanh" "tensor" "text" "uint8" "unit" "valid" "vertical" "word"))
;; words:settings
(defconst dlm--settings '("activations" "augment" "average" "batch" "calibrate" "clip" "epochs" "freeze" "freeze_ranges" "from" "input" "keep" "keep_best" "limit" "loss" "max_drop" "method" "normalize" "optimizer" "schedule" "seed" "source" "steps" "stop" "stratify" "test" "train" "valid" "weights"))
;; words:metrics
(defconst dlm--metrics '("accuracy" "agreement" "bits_per_character" "drop" "error" "error_overlap" "kl" "latency" "loss" "macs" "mae" "memory" "params" "perplexity" "r2" "size" "top5"))

;;; Colours

(defvar dlm-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?/ ". 12" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\r ">" table)
    (modify-syntax-entry ?_ "_" table)
    (modify-syntax-entry ?. "." table)
    (modify-syntax-entry ?% "_" table)
    (dolist (sign '(?+ ?- ?* ?= ?< ?> ?: ?, ?!))
      (modify-syntax-entry sign "." table))
    table)
  "What the characters of dlm are.")

(defun dlm--any (words)
  "A regular expression for one of WORDS, as a whole and not behind a dot."
  (concat "\\(?:^\\|[^.A-Za-z0-9_]\\)\\(" (regexp-opt words) "\\)\\_>"))

(defconst dlm--binds "[ \t]*=\\(?:[^=]\\|$\\)"
  "What stands behind a name that is bound.")

(defun dlm--free (words)
  "A matcher of WORDS that are not bound with `=', and have no dot before them."
  (let ((regexp (dlm--any words)))
    (lambda (limit)
      (let (found)
        (while (and (not found) (re-search-forward regexp limit t))
          (goto-char (match-end 1))
          (setq found (not (save-match-data (looking-at dlm--binds)))))
        found))))

(defvar dlm-font-lock-keywords
  `((,(concat "^[ \t]*" (regexp-opt dlm--items t) "\\_>\\(?:[ \t]+\\([A-Za-z_][A-Za-z0-9_.]*\\)\\|[ \t]*[{\"]\\|[ \t]*$\\)")
     (1 font-lock-keyword-face)
     (2 font-lock-type-face nil t))
    (,(dlm--free dlm--clauses) (1 font-lock-keyword-face))
    ("\\_<as[ \t]+\\([a-z_][A-Za-z0-9_]*\\)" (1 font-lock-constant-face))
    (,(dlm--free (append dlm--flow '("and" "not" "or"))) (1 font-lock-keyword-face))
    ("^[ \t]*\\(override\\)\\_>[ \t]*[^= \t]" (1 font-lock-keyword-face))
    ("\\_<\\(true\\|false\\)\\_>" (1 font-lock-constant-face))
    (,(concat "\\_<[0-9][0-9_.eE+-]*[ \t]+\\(" (regexp-opt dlm--units) "\\)\\_>") (1 font-lock-builtin-face))
    (,(concat ":[ \t]*\\(" (regexp-opt dlm--types) "\\)\\_>") (1 font-lock-type-face))
    ("\\_<\\(int\\)\\[" (1 font-lock-type-face))
    (,(concat "[{ \t]\\(" (regexp-opt dlm--settings) "\\)\\_>" dlm--binds) (1 font-lock-variable-name-face))
    ("\\(?:^\\|[^.A-Za-z0-9_]\\)\\([A-Za-z_][A-Za-z0-9_]*\\)[ \t]*\\(?:=\\(?:[^=]\\|$\\)\\|:\\)"
     (1 font-lock-variable-name-face))
    (,(concat "\\.\\(" (regexp-opt dlm--metrics) "\\)\\_>") (1 font-lock-builtin-face))
    (,(concat "\\(?:^\\|[^.A-Za-z0-9_]\\|\\.\\.\\)\\(" (regexp-opt dlm--functions) "\\)[ \t]*(") (1 font-lock-function-name-face))
    (,(dlm--free dlm--operators) (1 font-lock-function-name-face))
    (,(dlm--free dlm--values) (1 font-lock-builtin-face))
    ("\\(?:^\\|[^.A-Za-z0-9_]\\)\\([A-Z][A-Za-z0-9_]*\\)" (1 font-lock-type-face))
    ("{[A-Za-z_][A-Za-z0-9_]*}" (0 (dlm--placeholder-face) prepend)))
  "The colours of dlm.")

(defun dlm--placeholder-face ()
  "The face of `{name}', where it is in a string."
  (save-excursion
    (save-match-data
      (and (nth 3 (syntax-ppss (match-beginning 0))) 'font-lock-variable-name-face))))

(defun dlm--syntactic-face (state)
  "The face of a string or comment with the parser's STATE: `///' documents."
  (cond ((nth 3 state) font-lock-string-face)
        ((save-excursion (goto-char (nth 8 state)) (looking-at "///")) font-lock-doc-face)
        (t font-lock-comment-face)))

;;; Indentation

(defun dlm-indent-line ()
  "Indents the line: an open bracket moves it in, a step stands one level in."
  (interactive)
  (let ((column (dlm--indentation))
        (behind (- (current-column) (current-indentation))))
    (indent-line-to column)
    (when (> behind 0) (move-to-column (+ column behind)))))

(defun dlm--indentation ()
  "The column at which the line should begin."
  (save-excursion
    (back-to-indentation)
    (let* ((closes (looking-at "[])}]"))
           (step (looking-at "->"))
           (open (nth 1 (syntax-ppss))))
      (cond
       ((looking-at (concat (regexp-opt dlm--items) "\\_>[ \t]+[A-Za-z_\"]"))
        (if open (dlm--inside open closes step) 0))
       (open (dlm--inside open closes step))
       (step dlm-indent-offset)
       (t 0)))))

(defun dlm--inside (open closes step)
  "The column of a line in the bracket at OPEN.
CLOSES: the line begins with the closing bracket.  STEP: it begins with `->'."
  (let ((base (save-excursion
                (goto-char open)
                (if (save-excursion (forward-char) (looking-at "[ \t]*\\(?://.*\\)?$"))
                    (+ (current-indentation) (if closes 0 dlm-indent-offset))
                  (if closes (current-column) (1+ (current-column)))))))
    (if (and step (dlm--goes-on open)) (+ base dlm-indent-offset) base)))

(defun dlm--goes-on (open)
  "Whether something stands between the bracket at OPEN and this line, a step."
  (save-excursion
    (forward-comment (- (point)))
    (> (1- (point)) open)))

;;; Commands

(defun dlm--compile (&rest words)
  "Runs the command with WORDS in a compilation buffer."
  (save-some-buffers (not compilation-ask-about-save)
                     (lambda () (derived-mode-p 'dlm-mode)))
  (compile (mapconcat #'shell-quote-argument (cons dlm-program words) " ")))

(defun dlm-check ()
  "Checks the file."
  (interactive)
  (dlm--compile "check" "--format" "short" (buffer-file-name)))

(defun dlm-run ()
  "Runs the file."
  (interactive)
  (dlm--compile "run" (buffer-file-name)))

(defun dlm--networks ()
  "The names of the models of the buffer."
  (save-excursion
    (goto-char (point-min))
    (let (names)
      (while (re-search-forward "^[ \t]*model[ \t]+\\([A-Za-z_][A-Za-z0-9_]*\\)" nil t)
        (push (match-string-no-properties 1) names))
      (nreverse names))))

(defun dlm-draw (name)
  "Draws the network NAME of the file, and shows the picture."
  (interactive
   (let ((names (dlm--networks)))
     (list (if (cdr names) (completing-read "Network: " names nil t) (car names)))))
  (save-buffer)
  (let ((picture (make-temp-file "dlm-" nil ".svg"))
        (file (buffer-file-name)))
    (if (zerop (call-process dlm-program nil "*dlm*" nil "show" "--svg" picture file name))
        (find-file-other-window picture)
      (pop-to-buffer "*dlm*"))))

(defun dlm-format ()
  "Formats the buffer."
  (interactive)
  (let ((text (generate-new-buffer " *dlm fmt*")))
    (unwind-protect
        (if (zerop (call-process-region nil nil dlm-program nil (list text nil) nil "fmt" "-"))
            (replace-buffer-contents text)
          (message "the file has syntax errors: it is left as it is"))
      (kill-buffer text))))

(defvar dlm-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-c") #'dlm-check)
    (define-key map (kbd "C-c C-r") #'dlm-run)
    (define-key map (kbd "C-c C-d") #'dlm-draw)
    (define-key map (kbd "C-c C-f") #'dlm-format)
    map)
  "The keys of `dlm-mode'.")

(add-to-list 'compilation-error-regexp-alist-alist
             '(dlm "^\\(.+\\.dlm\\):\\([0-9]+\\):\\([0-9]+\\): \\(?:\\(warning\\)\\|error\\)\\[" 1 2 3 (4)))
(add-to-list 'compilation-error-regexp-alist 'dlm)

(defconst dlm--imenu
  (mapcar (lambda (pair)
            (list (car pair)
                  (concat "^" (cdr pair) "[ \t]+\\([A-Za-z_][A-Za-z0-9_]*\\)") 1))
          '(("Data" . "data") ("Layers" . "layer") ("Models" . "model") ("Policies" . "policy")
            ("Trainings" . "\\(?:train\\|distill\\|quantize\\)")))
  "Where the declarations of a file are.")

;;;###autoload
(define-derived-mode dlm-mode prog-mode "dlm"
  "Programs in dlm.

\\{dlm-mode-map}"
  (setq-local comment-start "// "
              comment-start-skip "//+[ \t]*"
              comment-end ""
              indent-tabs-mode nil
              tab-width 4
              fill-column 100
              indent-line-function #'dlm-indent-line
              electric-indent-chars (append "})]>" electric-indent-chars)
              imenu-generic-expression dlm--imenu
              font-lock-defaults '(dlm-font-lock-keywords
                                   nil nil nil
                                   (font-lock-syntactic-face-function . dlm--syntactic-face))))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.dlm\\'" . dlm-mode))

;;; The language server

(defvar eglot-server-programs)
(defvar eglot-workspace-configuration)

(defun dlm--server (&rest _)
  "How eglot starts the server."
  (list dlm-program "lsp" :initializationOptions dlm-eglot-settings))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(dlm-mode . dlm--server)))

(provide 'dlm-mode)
;;; dlm-mode.el ends here
