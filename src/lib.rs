pub mod apply;
pub mod backends;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod render;
pub mod systems;
