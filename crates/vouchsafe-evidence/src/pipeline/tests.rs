use super::*;

#[test]
fn every_check_loads_with_its_cases() {
    let faults: Vec<String> = AREA
        .checks
        .iter()
        .filter_map(|text| crate::check::Check::load(text).err())
        .map(|error| error.to_string())
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
