"""From the download of a learning platform to `submitted/STUDENT/LAB`: archives, names, students, attempts. It grades nothing."""
