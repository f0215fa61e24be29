//! What FedRAMP asks for: the POA&M template of Rev 5 (version 2.1, 2024-03-29) as a workbook, and
//! vulnerability evaluation and reporting (VER) of the Consolidated Rules 2026 in JSON.

mod columns;
mod poam;
mod read;
mod ver;

pub use columns::{COLUMNS, SHEETS};
pub use poam::{PoamOptions, poam, row_texts};
pub use read::{ReadRow, WorkbookError, read};
pub use ver::{Report, VerOptions, ver};
