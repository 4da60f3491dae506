"""Who is who in the broker: operator, accounts and users, as nats-server's operator mode knows them."""
