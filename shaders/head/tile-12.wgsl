const TILE = 12u;
