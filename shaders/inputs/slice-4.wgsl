const SLICE = 4u;
