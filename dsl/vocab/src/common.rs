//! What the files of words share: short declarations, elementwise operators, moves between layouts,
//! words for messages.

pub(crate) mod declare;
pub(crate) mod distance;
pub(crate) mod penalty;
pub(crate) mod text;
