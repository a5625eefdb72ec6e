#compdef makotoctl
# zsh completion for makotoctl.  Commands and options are asked of the program's own --help: there is no list here that could be stale.

_makotoctl() {
	local program=$words[1] command=$words[2] line options value text action option
	local -a lines specs
	if (( CURRENT == 2 )); then
		for line in ${(f)"$(_call_program commands ${(q)program} --help 2>/dev/null)"}; do
			[[ $line =~ '^  ([a-z][a-z-]*) +(.*)$' ]] && specs+=("$match[1]:$match[2]")
		done
		specs+=('--help:what there is' '--version:which version this is')
		_describe -t commands command specs
		return
	fi
	lines=(${(f)"$(_call_program options ${(q)program} ${(q)command} --help 2>/dev/null)"})
	specs=('--help[all about this command]')
	for line in $lines; do
		# "  -b, --bootstrap HOST:PORT,…  the cluster": names, what they take, what they do
		[[ $line =~ '^  +((-[^ ,]+,? )*(-[^ ,]+))( ([^ ]+))?  +(.*)$' ]] || continue
		options=$match[1] value=$match[5] text=${match[6]//(#m)[\[\]:\\]/\\$MATCH}
		case $value in
		(FILE*) action=_files ;;
		(DIR) action='_files -/' ;;
		(LEVEL) action='(read_committed read_uncommitted)' ;;
		# --algorithm: the help's first line has what there is
		(NAME) action= && [[ $lines[1] =~ "\\[$options ([a-z0-9|-]+)\\]" ]] && action="(${match[1]//|/ })" ;;
		(*) action= ;;
		esac
		for option in ${(s: :)options//,/}; do
			if [[ -z $value ]]; then
				specs+=("*${option}[$text]")
			elif [[ $option == --* ]]; then
				specs+=("*${option}=[$text]:${value//:/\\:}:$action")
			else
				specs+=("*${option}+[$text]:${value//:/\\:}:$action")
			fi
		done
	done
	# What else there is: a directory, a proof, more files behind --public-key.
	case $lines[1] in
	(*' DIR '*) specs+=('*:directory:_files -/') ;;
	(*FILE*) specs+=('*:file:_files') ;;
	esac
	shift words
	(( CURRENT-- ))
	_arguments $specs
}

_makotoctl "$@"
