pub const ALL: &[(&str, &str)] = &[];
