//! The safeguards from outside: the abilities and limits of a crate that embeds them.

#[cfg(test)]
mod canary;
#[cfg(test)]
mod clinic;
#[cfg(test)]
mod compile;
#[cfg(test)]
mod entries;
#[cfg(test)]
mod layout;
#[cfg(test)]
mod owed;
#[cfg(test)]
mod permits;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod recorder;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod searching;
#[cfg(test)]
mod writing;
