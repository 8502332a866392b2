//! The database floor on real databases: the same behaviour on both, and the features of one.

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
