from kopeck.cli import main

main()
