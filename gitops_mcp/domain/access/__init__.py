"""Who calls over HTTP, and what they may see and do. A caller over stdio is nobody's guest and has all rights."""
