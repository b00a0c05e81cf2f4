//! What the use cases need from the world: traits only, documented as contracts.
