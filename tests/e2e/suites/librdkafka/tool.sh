#!/bin/sh
# Stands in for the scripts of Kafka that librdkafka's tests call, by the name that it is called by.
case ${0##*/} in
kafka-topics.sh) set -- org.apache.kafka.tools.TopicCommand "$@" ;;
kafka-acls.sh) set -- org.apache.kafka.tools.AclCommand "$@" ;;
kafka-run-class.sh) ;;
*) echo "no such tool: $0" >&2; exit 2 ;;
esac
exec java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
	-cp "$KAFKA_JARS/*${CLASSPATH:+:$CLASSPATH}" "$@"
