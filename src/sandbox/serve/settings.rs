use crate::model::bridge::{Paging, WireProof};

/// What kind of bridge it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    pub proof: WireProof,
    /// Members that a page holds at most.
    pub page_size: u32,
    /// Which way of paging is named; both work.
    pub paging: Paging,
    /// Whether an `Idempotency-Key` is honoured.
    pub idempotency: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { proof: WireProof::Snapshot, page_size: 500, paging: Paging::Offset, idempotency: true }
    }
}
