"""What has been measured: a folder per benchmark, a catalogue, and the form of every result."""
