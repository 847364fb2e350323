//! Files of a configuration between NULs, the first one the main file, the last one lines of a log. What an include names
//! decides which of the others it gets: several, one that cannot be read, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logcodes::format::conf::{Conf, Include, Loaded, Server};
use logcodes_fuzz::{lines, read};

/// Includes that find something: more says nothing new and takes long.
const MOST: usize = 200;

fuzz_target!(|data: &[u8]| {
    let files: Vec<String> = data.split(|&b| b == 0).map(|file| String::from_utf8_lossy(file).into_owned()).collect();
    let log = lines(data.rsplit(|&b| b == 0).next().unwrap_or_default(), 4);
    for server in [Server::Nginx, Server::Apache] {
        let mut asked = 0;
        let mut load = |include: &Include<'_>| {
            asked += 1;
            let sum: usize = include.pattern.bytes().map(usize::from).sum();
            if asked > MOST || sum % 7 == 0 {
                return Vec::new();
            }
            let file = |number: usize| {
                let number = number % files.len();
                let text = if sum % 11 == 0 { Err("no such file".to_owned()) } else { Ok(files[number].clone()) };
                Loaded { path: format!("/etc/{number}.conf"), text }
            };
            (0..=sum % 3).map(|more| file(sum + more)).collect()
        };
        let mut conf = Conf::default();
        if let Err(error) = conf.read(server, "/etc/0.conf", files[0].clone(), &mut load) {
            assert!(!error.is_empty());
            continue;
        }
        let _ = conf.usable();
        assert!(conf.warnings().len() < 100);
        for format in conf.formats().iter().take(20) {
            let paths: Vec<&str> = conf.logs_of(format).take(3).map(|log| log.target()).collect();
            for path in paths.into_iter().map(Some).chain([None]) {
                if let Ok(picked) = conf.pick(path, &log) {
                    read(&picked.format, &log, |_| ());
                }
            }
            match format.reading() {
                Ok(reader) => read(reader, &log, |_| ()),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
            let _ = conf.named(format.name());
        }
    }
});
