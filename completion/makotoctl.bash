# bash completion for makotoctl.  Commands and options are asked of the program's own --help: there is no list here that could be stale.
# shellcheck shell=bash disable=SC2207 # no word here has a blank

# "  -b, --bootstrap HOST:PORT,…  the cluster" gives "-b --bootstrap HOST:PORT,…", for each such line of the help of command $2 of program $1.
_makotoctl_options() {
	"$1" "$2" --help 2>/dev/null | sed -nE 's/^ {2,6}(-[^ ].*)/\1/; t1; d; :1; s/  .*//; s/,( |$)/\1/; p'
}

_makotoctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]} command=${COMP_WORDS[1]-} prev=${COMP_WORDS[COMP_CWORD - 1]} line words
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		COMPREPLY=($(compgen -W "$("$program" --help 2>/dev/null | sed -nE 's/^  ([a-z][a-z-]*) .*/\1/p') --help --version" -- "$cur"))
		return
	fi
	# bash takes --out=FILE for three words.
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	[[ $prev != -* && $cur != -* ]] && prev=$(_makotoctl_open_list)
	if [[ $prev == -* ]]; then
		while read -r line; do
			[[ " $line " == *" $prev "* ]] || continue
			case ${line##* } in
			-*) break ;; # takes no value
			FILE | FILE…) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")) ;;
			DIR) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")) ;;
			LEVEL) COMPREPLY=($(compgen -W 'read_committed read_uncommitted' -- "$cur")) ;;
			NAME) # --algorithm: the help's first line has what there is
				words=$("$program" "$command" --help 2>/dev/null | sed -n "1s/.*\[$prev \([a-z0-9|-]*\)].*/\1/p")
				COMPREPLY=($(compgen -W "${words//|/ }" -- "$cur"))
				;;
			esac
			return
		done < <(_makotoctl_options "$program" "$command")
	fi
	if [[ $cur == -* ]]; then
		words=$(_makotoctl_options "$program" "$command" | grep -oE -- '(^| )--?[A-Za-z][A-Za-z-]*')
		COMPREPLY=($(compgen -W "$words --help" -- "$cur"))
	else
		compopt -o filenames 2>/dev/null
		case $command in
		fsck) COMPREPLY=($(compgen -d -- "$cur")) ;;
		verify-proof) COMPREPLY=($(compgen -f -- "$cur")) ;;
		esac
	fi
}

# --public-key a.pem b.pem …: the option, while what stands behind it may still be one of its files.
_makotoctl_open_list() {
	local i
	for ((i = COMP_CWORD - 1; i > 1; i--)); do
		case ${COMP_WORDS[i]} in
		--public-key) echo --public-key; return ;;
		-*) return ;;
		esac
	done
}

complete -F _makotoctl makotoctl
