//! Tables to import. The first byte of an input says of what kind.
#![no_main]

use std::{io::Cursor, path::Path};

use jiff::tz::TimeZone;
use otklik_sources::table::{ColumnMap, Rows};

const MAP: &str = "text=t,id=i,published_at=p,author=a,url=u,network=n,kind=k,lat=y,lon=x,views=v,label.topic=l";
const SHORT: &str = "text=t,id=i,published_at=p";

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((&kind, table)) = input.split_first() else { return };
    let name = ["a.csv", "a.tsv", "a.jsonl", "a.csv.gz", "a.jsonl.gz"][usize::from(kind) % 5];
    for map in [SHORT, MAP] {
        let map = ColumnMap::parse(map, TimeZone::UTC, Some("a secret of sixteen".into())).unwrap();
        let Ok(mut rows) = Rows::of(Path::new(name), Cursor::new(table.to_vec()), &map) else { continue };
        let mut line = 0;
        while let Ok(Some(row)) = rows.next() {
            assert!(rows.line() >= line, "lines go up");
            line = rows.line();
            // The gate refuses what makes no sense; what it takes is written as it was read.
            if let Ok(post) = row.map_err(drop).and_then(|post| otklik_domain::Post::try_from(post).map_err(drop)) {
                otklik_fuzz::check_written(&post);
            }
        }
    }
});
