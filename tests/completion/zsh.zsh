# Prints what zsh would offer for a command line, a match each line.
# usage: zsh -f tests/completion/zsh.zsh DIRECTORY LINE      DIRECTORY: where files may be made
# It runs in a terminal of its own, since only there zsh completes; its compadd tells the matches instead of showing them.
zmodload zsh/zpty
mkdir -p $1/functions
cp completion/makotoctl.zsh $1/functions/_makotoctl
cat >$1/setup.zsh <<'SETUP'
PROMPT= RPROMPT=
bindkey '^I' complete-word
fpath=($DIRECTORY/functions $fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
	# With -O, -A or -D it only sorts out; else it offers.
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@"
		return $?
	fi
	typeset -a hits
	builtin compadd -A hits "$@"
	(( $#hits )) && print -rl -- MATCH:$^hits
	builtin compadd "$@"
}
compprefuncs=( comp_before )
comppostfuncs=( comp_after )
comp_before() { print -r -- "BE""GUN" }
comp_after() { print -r -- "DO""NE"; exit }
print -r -- "REA""DY"
SETUP
zpty z DIRECTORY=${(q)1} PATH=${(q)PATH} zsh -f -i
zpty -w z "source ${(q)1}/setup.zsh"
zpty -r z line '*READY*' || exit 1
zpty -w -n z "$2"$'\t'
zpty -r z line '*DONE*' || exit 1
print -r -- "${line##*BEGUN}" | tr -d '\r' | sed -n 's/^MATCH://p' | sort -u
zpty -d z
