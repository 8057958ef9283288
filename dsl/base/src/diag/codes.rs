//! Every code, in groups; each is made by one function, whose arguments are facts of the domain.

pub mod artifacts;
pub mod data;
pub mod distill;
pub mod lints;
pub mod names;
pub mod quant;
pub mod runs;
pub mod settings;
pub mod shapes;
pub mod syntax;

use super::Code;

/// All codes, ascending within each group of [`GROUPS`].
pub fn all() -> impl Iterator<Item = &'static Code> {
    GROUPS.iter().flat_map(|group| group.iter().copied())
}

/// The code of that name, in any case of letters.
pub fn find(id: &str) -> Option<&'static Code> {
    all().find(|code| code.id.eq_ignore_ascii_case(id))
}

/// The codes of each module.
pub static GROUPS: &[&[&Code]] = &[
    syntax::CODES,
    names::CODES,
    settings::CODES,
    shapes::CODES,
    data::CODES,
    artifacts::CODES,
    distill::CODES,
    quant::CODES,
    lints::CODES,
    runs::CODES,
];

/// Declares a code: its doc comment is what `dlm explain` shows.
macro_rules! code {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal, $title:literal;)+) => {
        $(
            $(#[doc = $doc])+
            pub static $name: $crate::diag::Code = $crate::diag::Code {
                id: $id,
                title: $title,
                doc: concat!($($doc, "\n"),+),
            };
        )+
        /// The codes of this group.
        pub static CODES: &[&$crate::diag::Code] = &[$(&$name),+];
    };
}
use code;
