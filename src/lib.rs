mod base64; mod buffer; mod event_id; mod text;
