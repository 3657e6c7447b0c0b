// The spool's face: documents on disk, whole or not at all (DESIGN section 6).
