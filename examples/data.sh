#!/bin/sh
# Puts data where the examples look for it: examples/data.
#
#     sh examples/data.sh FOLDER
#
# FOLDER is searched for the files as their public packages have them, in any folder below it:
# MNIST's four files, Fashion-MNIST's four files somewhere under a folder with `fashion` in its name
# (`val-…` stands in for `t10k-…` where that is missing), the model zoo's MNIST network, mnist-8.onnx or
# a model.onnx somewhere under a folder with `mnist` in its name, scikit-learn's wine.csv and
# breast_cancer.csv, the California housing table, california_housing.csv or housing.csv, Adult as
# adult_train.parquet, tinyshakespeare.txt or an input.txt somewhere under a folder with `shakespeare` in its
# name, MNIST-1D as mnist1d_train.npz, the Free Spoken Digit Dataset's features as fsdd_logmel_train.npz, and the
# three files of the Sentiment Labelled Sentences. What is not found is named; the exit status is 0 nevertheless,
# since each example needs only its own.
set -eu

from=${1:?usage: sh examples/data.sh FOLDER}
to=$(dirname "$0")/data
mkdir -p "$to/mnist" "$to/fashion-mnist"

found() { echo "found    $1"; }
missing() { echo "missing  $1"; }

# one NAME …: the first file of one of these names, by the names' order; `fashion` says whether the path
# must (yes) or must not (no) have that word.
one() {
    for name in "$@"; do
        case $fashion in
            yes) hit=$(find -L "$from" -path '*fashion*' -name "$name" -type f | sort | head -n 1) ;;
            *) hit=$(find -L "$from" ! -path '*fashion*' -name "$name" -type f | sort | head -n 1) ;;
        esac
        if [ -n "$hit" ]; then
            echo "$hit"
            return
        fi
    done
}

# images SET: the four IDX files of a set; raw ones are packed.
images() {
    for kind in images-idx3-ubyte labels-idx1-ubyte; do
        place "$to/$1/train-$kind.gz" "$(one "train-$kind.gz" "train-$kind")"
        place "$to/$1/t10k-$kind.gz" "$(one "t10k-$kind.gz" "t10k-$kind" "val-$kind.gz" "val-$kind")"
    done
}

# place TARGET SOURCE: a copy, packed if the source is not.
place() {
    case $2 in
        '') missing "$1" && return ;;
        *.gz | *.csv | *.onnx | *.parquet | *.npz | *.txt) cp -f "$2" "$1" ;;
        *) gzip -nc "$2" > "$1" ;;
    esac
    found "$1"
}

fashion=no
images mnist
fashion=yes
images fashion-mnist
fashion=no

closed=$(one mnist-8.onnx)
if [ -z "$closed" ]; then
    closed=$(find -L "$from" -path '*mnist*' -name model.onnx -type f | sort | head -n 1)
fi
place "$to/mnist/mnist-8.onnx" "$closed"

place "$to/wine.csv" "$(one wine.csv)"
place "$to/breast_cancer.csv" "$(one breast_cancer.csv)"
place "$to/california_housing.csv" "$(one california_housing.csv housing.csv)"
place "$to/adult_train.parquet" "$(one adult_train.parquet)"
plays=$(one tinyshakespeare.txt)
[ -n "$plays" ] || plays=$(find -L "$from" -path '*shakespeare*' -name input.txt -type f | sort | head -n 1)
place "$to/tinyshakespeare.txt" "$plays"
place "$to/mnist1d_train.npz" "$(one mnist1d_train.npz)"
place "$to/fsdd_logmel_train.npz" "$(one fsdd_logmel_train.npz)"
mkdir -p "$to/sentiment"
for name in imdb amazon_cells yelp; do
    place "$to/sentiment/$name.txt" "$(one "$name.txt" "${name}_labelled.txt")"
done
