use std::fs;

use super::*;

fn free() -> Vec<String> {
    let listeners: Vec<_> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    listeners.iter().map(|listener| listener.local_addr().unwrap().to_string()).collect()
}

#[test]
fn a_list_of_processes_says_what_is_wrong_with_it() {
    let folder = std::env::temp_dir().join(format!("deltagate-hosts-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("hosts");
    fs::write(&file, "# all of them\n a:1 \n\nb:2\nc:3\n").unwrap();
    let read = |process, processes, file| Membership::read(process, processes, file);
    assert_eq!(read(1, 2, Some(&file)).unwrap().addresses, ["a:1", "b:2"]);
    assert_eq!(read(0, 2, None).unwrap().addresses, ["127.0.0.1:2101", "127.0.0.1:2102"]);
    let table = [
        (read(2, 2, None), "--process 2: of --processes 2 the last one is 1"),
        (read(0, 4, Some(&file)), "names 3 of --processes 4: write one host:port per line"),
        (read(0, 2, Some(&folder.join("none"))), "name a file with one host:port per line"),
    ];
    for (membership, expected) in table {
        let error = membership.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn processes_find_each_other_in_whatever_order_they_come() {
    let addresses = free();
    let clusters: Vec<Cluster> = thread::scope(|scope| {
        let join = |process: usize| {
            let addresses = addresses.clone();
            scope.spawn(move || {
                thread::sleep(Duration::from_millis(60 * (2 - process as u64)));
                Membership { process, addresses }.join(1, &Settings::default()).unwrap()
            })
        };
        let joining: Vec<_> = (0..3).map(join).collect();
        joining.into_iter().map(|joining| joining.join().unwrap()).collect()
    });
    for (process, cluster) in clusters.iter().enumerate() {
        let there: Vec<bool> = cluster.sockets.iter().map(Option::is_some).collect();
        assert_eq!(there, (0..3).map(|other| other != process).collect::<Vec<_>>());
    }
    let mut near = clusters[0].sockets[2].as_ref().unwrap();
    let mut far = clusters[2].sockets[0].as_ref().unwrap();
    near.write_all(b"x").unwrap();
    let mut heard = [0];
    far.read_exact(&mut heard).unwrap();
    assert_eq!(heard, *b"x");
}

#[test]
fn who_runs_something_else_is_not_let_in() {
    let addresses = free()[..2].to_vec();
    let join = |process, workers| {
        let membership = Membership { process, addresses: addresses.clone() };
        thread::spawn(move || {
            membership.join(workers, &Settings::default()).map(drop).map_err(|error| error.to_string())
        })
    };
    // A stranger is no process at all, and does not get in the way of those that are.
    let first = join(0, 1);
    let stranger = loop {
        if let Ok(stranger) = TcpStream::connect(&addresses[0]) {
            break stranger;
        }
    };
    (&stranger).write_all(&[b'G'; GREETING]).unwrap();
    let second = join(1, 2);
    for (joined, other) in [(first, 1), (second, 0)] {
        let error = joined.join().unwrap().unwrap_err();
        assert!(error.starts_with(&format!("process {other} is another version or has other flags")), "{error}");
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let addresses = vec![address.clone(), "127.0.0.1:1".to_owned()];
    let error = Membership { process: 0, addresses }.join(1, &Settings::default()).unwrap_err().to_string();
    assert!(error.contains(&address), "{error}");
}
