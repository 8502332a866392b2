//! Segments and what their fields hold, as HL7 v2.5.1 numbers them, and the patient record of ASTM E1394.

use crate::class::Class;

/// What a field holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Family, given and further names (XPN).
    Name,
    /// A number, then names of a member of staff (XCN).
    Staff,
    /// Street, city, state, code (XAD).
    Address,
    /// An identifier (CX).
    Id(Class),
    /// A telephone number, or another way to reach somebody (XTN).
    Phone,
    Date,
    /// A time of the program's own.
    Own,
}

/// The numbers of fields, and what each holds.
pub(super) type Fields = &'static [(usize, Kind)];

/// Segments and their fields, as HL7 v2.5.1 numbers them.
pub(super) const SEGMENTS: [(&[u8], Fields); 28] = [
    (
        b"PID",
        &[
            (2, Kind::Id(Class::Mrn)),
            (3, Kind::Id(Class::Mrn)),
            (4, Kind::Id(Class::UniqueId)),
            (5, Kind::Name),
            (6, Kind::Name),
            (7, Kind::Date),
            (9, Kind::Name),
            (11, Kind::Address),
            (12, Kind::Address),
            (13, Kind::Phone),
            (14, Kind::Phone),
            (18, Kind::Id(Class::Account)),
            (19, Kind::Id(Class::Ssn)),
            (20, Kind::Id(Class::License)),
            (21, Kind::Id(Class::UniqueId)),
            (23, Kind::Address),
            (29, Kind::Date),
        ],
    ),
    (
        b"NK1",
        &[
            (2, Kind::Name),
            (4, Kind::Address),
            (5, Kind::Phone),
            (6, Kind::Phone),
            (16, Kind::Date),
            (30, Kind::Name),
            (31, Kind::Phone),
            (32, Kind::Address),
            (33, Kind::Id(Class::UniqueId)),
            (37, Kind::Id(Class::Ssn)),
        ],
    ),
    (
        b"GT1",
        &[
            (2, Kind::Id(Class::UniqueId)),
            (3, Kind::Name),
            (4, Kind::Name),
            (5, Kind::Address),
            (6, Kind::Phone),
            (7, Kind::Phone),
            (8, Kind::Date),
            (12, Kind::Id(Class::Ssn)),
            (19, Kind::Id(Class::UniqueId)),
        ],
    ),
    (
        b"IN1",
        &[
            (8, Kind::Id(Class::HealthPlan)),
            (16, Kind::Name),
            (18, Kind::Date),
            (19, Kind::Address),
            (36, Kind::Id(Class::HealthPlan)),
            (49, Kind::Id(Class::HealthPlan)),
        ],
    ),
    (
        b"IN2",
        &[
            (1, Kind::Id(Class::UniqueId)),
            (2, Kind::Id(Class::Ssn)),
            (6, Kind::Id(Class::HealthPlan)),
            (8, Kind::Id(Class::HealthPlan)),
            (61, Kind::Id(Class::HealthPlan)),
        ],
    ),
    (
        b"PV1",
        &[
            (7, Kind::Staff),
            (8, Kind::Staff),
            (9, Kind::Staff),
            (17, Kind::Staff),
            (19, Kind::Id(Class::UniqueId)),
            (44, Kind::Date),
            (45, Kind::Date),
            (50, Kind::Id(Class::UniqueId)),
            (52, Kind::Staff),
        ],
    ),
    (b"PD1", &[(4, Kind::Staff)]),
    (
        b"MRG",
        &[
            (1, Kind::Id(Class::Mrn)),
            (3, Kind::Id(Class::Account)),
            (4, Kind::Id(Class::UniqueId)),
            (7, Kind::Name),
        ],
    ),
    (
        b"ORC",
        &[
            (2, Kind::Id(Class::UniqueId)),
            (3, Kind::Id(Class::UniqueId)),
            (10, Kind::Staff),
            (11, Kind::Staff),
            (12, Kind::Staff),
        ],
    ),
    (
        b"OBR",
        &[
            (2, Kind::Id(Class::UniqueId)),
            (3, Kind::Id(Class::UniqueId)),
            (7, Kind::Date),
            (10, Kind::Staff),
            (16, Kind::Staff),
            (28, Kind::Staff),
            (32, Kind::Staff),
        ],
    ),
    (
        b"OBX",
        &[
            (14, Kind::Date),
            (16, Kind::Staff),
            (18, Kind::Id(Class::Device)),
        ],
    ),
    (b"EVN", &[(2, Kind::Own), (5, Kind::Staff), (6, Kind::Own)]),
    (b"DG1", &[(5, Kind::Date), (16, Kind::Staff)]),
    (b"ACC", &[(1, Kind::Date)]),
    (
        b"SCH",
        &[
            (11, Kind::Date),
            (1, Kind::Id(Class::UniqueId)),
            (2, Kind::Id(Class::UniqueId)),
            (12, Kind::Staff),
            (16, Kind::Staff),
            (20, Kind::Staff),
        ],
    ),
    (b"AIP", &[(3, Kind::Staff)]),
    (
        b"TXA",
        &[
            (4, Kind::Date),
            (6, Kind::Date),
            (5, Kind::Staff),
            (9, Kind::Staff),
            (10, Kind::Staff),
            (11, Kind::Staff),
            (22, Kind::Staff),
        ],
    ),
    (b"RXA", &[(3, Kind::Date), (10, Kind::Staff)]),
    (
        b"RXD",
        &[
            (3, Kind::Date),
            (7, Kind::Id(Class::UniqueId)),
            (10, Kind::Staff),
        ],
    ),
    (
        b"RXE",
        &[(13, Kind::Staff), (15, Kind::Id(Class::UniqueId))],
    ),
    (
        b"ROL",
        &[(4, Kind::Staff), (11, Kind::Address), (12, Kind::Phone)],
    ),
    (
        b"STF",
        &[
            (1, Kind::Id(Class::UniqueId)),
            (2, Kind::Id(Class::UniqueId)),
            (3, Kind::Name),
            (6, Kind::Date),
            (10, Kind::Phone),
            (11, Kind::Address),
            (22, Kind::Id(Class::License)),
        ],
    ),
    (
        b"PRA",
        &[
            (1, Kind::Id(Class::UniqueId)),
            (6, Kind::Id(Class::License)),
        ],
    ),
    (b"CER", &[(2, Kind::Id(Class::License))]),
    (b"SPM", &[(2, Kind::Id(Class::UniqueId)), (17, Kind::Date)]),
    (
        b"CSR",
        &[
            (4, Kind::Id(Class::UniqueId)),
            (5, Kind::Id(Class::UniqueId)),
            (6, Kind::Date),
            (7, Kind::Staff),
            (8, Kind::Staff),
            (9, Kind::Date),
        ],
    ),
    (b"QRD", &[(8, Kind::Staff)]),
    (b"PR1", &[(5, Kind::Date), (11, Kind::Staff)]),
];

/// The patient record of ASTM E1394, from its sequence number on.
pub(super) const ASTM_PATIENT: Fields = &[
    (2, Kind::Id(Class::Mrn)),
    (3, Kind::Id(Class::Mrn)),
    (4, Kind::Id(Class::UniqueId)),
    (5, Kind::Name),
    (6, Kind::Name),
    (7, Kind::Date),
    (10, Kind::Address),
    (12, Kind::Phone),
    (13, Kind::Staff),
];

/// The order of ASTM E1394, from its sequence number on.
pub(super) const ASTM_ORDER: Fields = &[
    (2, Kind::Id(Class::UniqueId)),
    (3, Kind::Id(Class::UniqueId)),
    (6, Kind::Date),
    (7, Kind::Date),
    (14, Kind::Date),
    (16, Kind::Staff),
];

/// Segments that the table above has not: their fields are looked at by form.
pub(super) const OTHERS: [&[u8]; 24] = [
    b"FT1", b"PRD", b"CTD", b"RXO", b"RXR", b"CON", b"PDA", b"AL1", b"IAM", b"PRB", b"GOL", b"AIG",
    b"AIS", b"AIL", b"PV2", b"IN3", b"UB2", b"DB1", b"PTH", b"QRF", b"ARQ", b"PRT", b"BPX", b"OBS",
];
