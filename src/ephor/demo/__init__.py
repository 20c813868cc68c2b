"""The main job, told as one true story on an embedded database with real tools and real files."""
