//! The data plane from outside: over real TLS, with real people, by somebody who means harm.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod plane;
#[cfg(test)]
mod visits;
