//! The suite of the port `Posts`.

use otklik_ports::conformance;

use super::{new_posts, with_engine};

#[test]
fn conforms() {
    with_engine(async |chdb| conformance::posts::suite(async || new_posts(chdb).await).await);
}
