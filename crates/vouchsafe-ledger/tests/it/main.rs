//! The recorder as a real process, the client, the readers.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod path;
#[cfg(test)]
mod process;
#[cfg(test)]
mod refuse;
#[cfg(test)]
mod support;
