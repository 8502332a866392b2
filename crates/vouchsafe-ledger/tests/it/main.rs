//! The recorder as a real process, the client, the readers.

#[cfg(test)]
mod path;
#[cfg(test)]
mod process;
#[cfg(test)]
mod support;
