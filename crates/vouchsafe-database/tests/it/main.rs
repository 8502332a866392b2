//! The floor on real databases: one behaviour on both, and what only one of them can do.

#[cfg(test)]
mod both;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod pulse;
#[cfg(test)]
mod replaced;
#[cfg(test)]
mod servers;
