//! Whatever the bytes: an instance that can be written back, or a reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tandem_matching::bmi;

fuzz_target!(|bytes: &[u8]| {
    let Ok(parts) = bmi::read(bytes, bytes.len() as u64) else {
        return;
    };
    let Ok(instance) = parts.into_instance() else {
        return;
    };
    let mut written = Vec::new();
    bmi::write(&instance, &mut written).expect("memory takes everything");
    let again = bmi::read(&written[..], written.len() as u64).expect("what was written is whole");
    assert_eq!(again.into_instance().as_ref(), Ok(&instance));
});
