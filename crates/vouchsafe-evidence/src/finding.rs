//! What the observations of a period come to, for each control.
