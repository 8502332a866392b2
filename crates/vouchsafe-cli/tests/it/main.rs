//! The real program, from outside: its texts, its exit codes, and its effects on an installation.

#[cfg(test)]
mod clock;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod import;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod people;
#[cfg(test)]
mod process;
#[cfg(test)]
mod ready;
#[cfg(test)]
mod restored;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod sweeping;
#[cfg(test)]
mod words;
#[cfg(test)]
mod world;
