//! The crate as others use it.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod merkle_vectors;
#[cfg(test)]
mod notes;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod tiles;
#[cfg(test)]
mod written;
