const TILE = 4u;
