//! The machine that is measured on, and its processor time (Linux: proc(5)).

use serde::Serialize;

/// What the machine is.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    /// Processor model as the kernel names it.
    processor: String,
    /// Processors that this program may use.
    cores: usize,
    /// Memory in MiB.
    memory_mib: u64,
    /// Kernel release.
    kernel: String,
    /// Distribution.
    system: String,
}

impl Machine {
    /// This machine; what cannot be read is empty or 0.
    pub(super) fn this() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let memory = field(&read("/proc/meminfo"), "MemTotal", ':');
        let kilobytes = memory
            .split_whitespace()
            .next()
            .and_then(|kb| kb.parse::<u64>().ok());
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name", ':'),
            cores: std::thread::available_parallelism().map_or(0, Into::into),
            memory_mib: kilobytes.unwrap_or(0) / 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            system: field(&read("/etc/os-release"), "PRETTY_NAME", '='),
        }
    }
}

/// The value of the first line `name<separator>value`, without quotes.
fn field(text: &str, name: &str, separator: char) -> String {
    text.lines()
        .filter_map(|line| line.split_once(separator))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        .unwrap_or_default()
}

/// Processor time in milliseconds, since boot or during a run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cpu {
    /// All processors, neither idle nor waiting.
    pub(super) busy_ms: u64,
    /// Taken by other guests of the same host.
    pub(super) steal_ms: u64,
    /// This program alone.
    pub(super) driver_ms: u64,
}

// USER_HZ is 100 on every Linux that Rust's targets for it run on (time(7)).
const MS_PER_TICK: u64 = 10;

impl Cpu {
    /// The counters as they stand.
    pub(super) fn now() -> Self {
        let machine = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let driver = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        Self::parse(&machine, &driver)
    }

    fn parse(machine: &str, driver: &str) -> Self {
        let first = machine.lines().next().unwrap_or_default();
        let ticks: Vec<u64> = first
            .split_whitespace()
            .filter_map(|n| n.parse().ok())
            .collect();
        // user nice system idle iowait irq softirq steal
        let tick = |at: usize| ticks.get(at).copied().unwrap_or(0);
        let busy = tick(0) + tick(1) + tick(2) + tick(5) + tick(6);
        // utime and stime are fields 14 and 15; the name in brackets, field 2, may hold spaces.
        let after_name = driver.rsplit(')').next().unwrap_or_default();
        let own = after_name.split_whitespace().skip(11).take(2);
        let own: u64 = own.filter_map(|n| n.parse::<u64>().ok()).sum();
        Self {
            busy_ms: busy * MS_PER_TICK,
            steal_ms: tick(7) * MS_PER_TICK,
            driver_ms: own * MS_PER_TICK,
        }
    }

    /// What was used since `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        Self {
            busy_ms: self.busy_ms.saturating_sub(before.busy_ms),
            steal_ms: self.steal_ms.saturating_sub(before.steal_ms),
            driver_ms: self.driver_ms.saturating_sub(before.driver_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_by_their_place() {
        let cpu = Cpu::parse(
            "cpu  1 2 3 1000 500 4 5 6 0 0\ncpu0 9 9 9\n",
            "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 70 30 0 0",
        );
        assert_eq!((cpu.busy_ms, cpu.steal_ms, cpu.driver_ms), (150, 60, 1_000));
    }

    #[test]
    fn fields_are_found_without_quotes() {
        assert_eq!(
            field("A: 1\nmodel name\t: Fast one\n", "model name", ':'),
            "Fast one"
        );
        assert_eq!(
            field("PRETTY_NAME=\"Debian\"", "PRETTY_NAME", '='),
            "Debian"
        );
        assert_eq!(field("", "x", ':'), "");
    }
}
