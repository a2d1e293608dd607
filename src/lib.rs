pub mod apply;
pub mod backends;
pub mod desired;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod systems;
