//! The headers of FedRAMP's POA&M template, version 2.1, byte for byte.

/// The sheets in their order.
pub const SHEETS: [&str; 4] =
    ["Open POA&M Items", "Closed POA&M Items", "Configuration Findings", "Record of Changes"];

/// Columns A to AE of the three sheets of items.
pub const COLUMNS: [&str; 31] = [
    "POAM ID",
    "Controls",
    "Weakness Name",
    "Weakness Description",
    "Weakness Detector Source",
    "Weakness Source Identifier",
    "Asset Identifier",
    "Point of Contact",
    "Resources Required",
    "Overall Remediation Plan",
    "Original Detection Date",
    "Scheduled Completion Date",
    "Planned Milestones",
    "Milestone Changes",
    "Status Date",
    "Vendor Dependency",
    "Last Vendor Check-in Date",
    "Vendor Dependent Product Name",
    "Original Risk Rating",
    "Adjusted Risk Rating",
    "Risk Adjustment",
    "False Positive",
    "Operational Requirement",
    "Deviation Rationale",
    "Supporting Documents",
    "Comments",
    "Auto-Approve",
    "Binding Operational Directive 22-01 tracking",
    "Binding Operational Directive 22-01 Due Date",
    "CVE",
    "Service Name",
];

/// The title in cell A1 of each sheet of items.
pub(super) const TITLES: [&str; 3] = [
    "FedRAMP® Plan of Action and Milestones (POA&M) Template",
    "FedRAMP Plan of Action and Milestones (POA&M) Template",
    "FedRAMP Plan of Action and Milestones (POA&M) Template",
];

/// The labels of row 2; their values stand in row 3.
pub(super) const LABELS: [&str; 4] = ["CSP", "System Name", "Impact Level", "POAM Date"];

/// The row of the headers, from 0.
pub(super) const HEADER: u32 = 4;

/// How wide each column is, in characters.
pub(super) const WIDTHS: [u16; 31] = [
    11, 14, 34, 60, 17, 22, 36, 26, 22, 46, 13, 13, 44, 56, 13, 13, 14, 20, 12, 12, 13, 12, 13, 40,
    40, 46, 10, 14, 14, 10, 16,
];

/// The columns in which one of a few words stands, from 0, with those words.
pub(super) const CHOICES: [(u16, &[&str]); 6] = [
    (15, &["Yes", "No"]),
    (18, &["Low", "Moderate", "High"]),
    (19, &["Low", "Moderate", "High", "N/A"]),
    (20, &["Yes", "No", "Pending"]),
    (21, &["Yes", "No", "Pending"]),
    (22, &["Yes", "No", "Pending"]),
];

/// The record of changes of the template itself.
pub(super) const CHANGES: [(&str, &str, &str, &str); 2] = [
    (
        "2023-08-30",
        "Updated to align with FedRAMP branding and minor editorial changes.",
        "2",
        "FedRAMP PMO",
    ),
    (
        "2024-03-29",
        "Added Tab for Configuration Findings. Added Column in 'Open POA&M' tab for Service level \
         information",
        "2.1",
        "FedRAMP PMO",
    ),
];
