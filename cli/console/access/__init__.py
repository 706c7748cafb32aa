"""Who may use the console, and for what.

On a Unix socket the kernel says who asks, and the mode of the file lets nobody else come that far. On TCP somebody
has a token, in the header of a program or for a browser in a session; or a proxy, which is known by its address,
says who it is. `gate` puts that together and answers for everybody else.
"""
