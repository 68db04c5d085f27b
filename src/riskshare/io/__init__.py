"""Everything that opens a file: reading agreements and evidence, signing, writing. No other room touches the disk."""
