//! What the files of words share: short declarations, elementwise operators, moves between layouts,
//! words for messages.

pub(crate) mod codes;
pub(crate) mod comparison;
pub(crate) mod declare;
pub(crate) mod distance;
pub(crate) mod features;
pub(crate) mod layout;
pub(crate) mod pair;
pub(crate) mod penalty;
pub(crate) mod recurrent;
pub(crate) mod reduction;
pub(crate) mod relations;
pub(crate) mod sequence;
pub(crate) mod sets;
pub(crate) mod squares;
pub(crate) mod sum;
pub(crate) mod text;
pub(crate) mod unary;
