"""Global contexts, plugins and `before_send`: imported by the first tracker that has one."""
