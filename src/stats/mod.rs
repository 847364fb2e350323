//! Statistics of counts: how sure a share is, whether two shares differ, where a rate rose. Numbers in, numbers out: the room
//! knows no logs.
